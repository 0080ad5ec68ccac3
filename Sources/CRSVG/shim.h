#ifndef SDMOE_CRSVG_SHIM_H
#define SDMOE_CRSVG_SHIM_H
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

// librsvg and cairo are loaded when a picture is first rendered, not linked: they bring forty other
// libraries, which no analysis needs, and a machine without them can do all else. What is declared
// here is the stable interface of librsvg 2.46 (2019) and cairo 1.16 (2018), or later.

// The beginning of a GError.
typedef struct {
  unsigned domain;
  int code;
  char *message;
} crsvg_error;

// Takes a piece of the file; 0 for success, as cairo_write_func_t.
typedef int (*crsvg_write)(void *target, const unsigned char *bytes, unsigned count);

// What a picture becomes.
typedef struct {
  // In points for a PDF, in pixels for a PNG.
  double width, height;
  // The title of a PDF; NULL for a PNG.
  const char *title;
} crsvg_page;

enum { crsvg_done = 0, crsvg_no_library = 1, crsvg_refused = 2, crsvg_no_font = 3 };

#ifdef __APPLE__
#define CRSVG_NAME(stem, version) stem "." version ".dylib"
#else
#define CRSVG_NAME(stem, version) stem ".so." version
#endif

// Each library finds its own symbols first: this program may hold others of the same names.
#ifdef RTLD_DEEPBIND
#define CRSVG_MODE (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#else
#define CRSVG_MODE (RTLD_NOW | RTLD_LOCAL)
#endif

static inline int crsvg_fail(int status, const char *reason, char *message, size_t size) {
  snprintf(message, size, "%s", reason ? reason : "no reason was given");
  return status;
}

// Renders an SVG picture, which then fills the page, as a PDF or PNG file.
//
// Returns crsvg_done, or what went wrong and a message about it.
static inline int crsvg_render(
    const unsigned char *svg, size_t count, crsvg_page page, crsvg_write write, void *target,
    char *message, size_t size) {
  // The libraries stay loaded. librsvg has loaded the others itself: they are the very same.
  void *rsvg = dlopen(CRSVG_NAME("librsvg-2", "2"), CRSVG_MODE);
  void *cairo = rsvg ? dlopen(CRSVG_NAME("libcairo", "2"), CRSVG_MODE) : NULL;
  void *object = cairo ? dlopen(CRSVG_NAME("libgobject-2.0", "0"), CRSVG_MODE) : NULL;
  if (!object) return crsvg_fail(crsvg_no_library, dlerror(), message, size);

  // Finds a function of a library and calls it `name` here.
#define CRSVG_FIND(result, name, library, ...)                                                 \
  result (*name)(__VA_ARGS__) = (result(*)(__VA_ARGS__))dlsym(library, #name);                 \
  if (!name) return crsvg_fail(crsvg_no_library, dlerror(), message, size)
  CRSVG_FIND(void *, rsvg_handle_new_from_data, rsvg, const unsigned char *, size_t,
             crsvg_error **);
  CRSVG_FIND(int, rsvg_handle_render_document, rsvg, void *, void *, const double *,
             crsvg_error **);
  CRSVG_FIND(void, g_object_unref, object, void *);
  CRSVG_FIND(void *, cairo_pdf_surface_create_for_stream, cairo, crsvg_write, void *, double,
             double);
  CRSVG_FIND(void, cairo_pdf_surface_set_metadata, cairo, void *, int, const char *);
  CRSVG_FIND(void *, cairo_image_surface_create, cairo, int, int, int);
  CRSVG_FIND(int, cairo_surface_write_to_png_stream, cairo, void *, crsvg_write, void *);
  CRSVG_FIND(void *, cairo_create, cairo, void *);
  CRSVG_FIND(void, cairo_destroy, cairo, void *);
  CRSVG_FIND(int, cairo_status, cairo, void *);
  CRSVG_FIND(void, cairo_surface_finish, cairo, void *);
  CRSVG_FIND(int, cairo_surface_status, cairo, void *);
  CRSVG_FIND(void, cairo_surface_destroy, cairo, void *);
  CRSVG_FIND(const char *, cairo_status_to_string, cairo, int);
#undef CRSVG_FIND
  // Without a font every letter would become a box. Other systems than Linux find theirs without
  // fontconfig.
  void *fontconfig = dlopen(CRSVG_NAME("libfontconfig", "1"), CRSVG_MODE);
  const int *(*fonts)(void *, int) =
      fontconfig ? (const int *(*)(void *, int))dlsym(fontconfig, "FcConfigGetFonts") : NULL;
  const int system_fonts = 0;
  // The list begins with their number.
  const int *list = fonts ? fonts(NULL, system_fonts) : NULL;
  if (fonts && (!list || *list == 0)) return crsvg_fail(crsvg_no_font, "", message, size);

  crsvg_error *error = NULL;
  void *handle = rsvg_handle_new_from_data(svg, count, &error);
  if (!handle) return crsvg_fail(crsvg_refused, error ? error->message : NULL, message, size);

  void *surface;
  if (page.title) {
    surface = cairo_pdf_surface_create_for_stream(write, target, page.width, page.height);
    const int title = 0, creation_date = 5;
    cairo_pdf_surface_set_metadata(surface, title, page.title);
    // What is no date leaves the date out: the same picture gives the same bytes.
    cairo_pdf_surface_set_metadata(surface, creation_date, "");
  } else {
    const int rgb24 = 1;
    surface = cairo_image_surface_create(rgb24, (int)page.width, (int)page.height);
  }
  void *context = cairo_create(surface);
  const double viewport[4] = {0, 0, page.width, page.height};
  int is_drawn = rsvg_handle_render_document(handle, context, viewport, &error);
  int status = cairo_status(context);
  cairo_destroy(context);
  if (!status && !page.title) status = cairo_surface_write_to_png_stream(surface, write, target);
  cairo_surface_finish(surface);
  if (!status) status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  g_object_unref(handle);
  if (!is_drawn) return crsvg_fail(crsvg_refused, error ? error->message : NULL, message, size);
  if (status) return crsvg_fail(crsvg_refused, cairo_status_to_string(status), message, size);
  return crsvg_done;
}

#endif
