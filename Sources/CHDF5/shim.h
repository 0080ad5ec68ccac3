#ifndef SDMOE_CHDF5_SHIM_H
#define SDMOE_CHDF5_SHIM_H

// Newer libraries rename functions by macro; this keeps the 1.10 names and structures.
#define H5_USE_110_API 1
#include <hdf5.h>
#include <string.h>

// Swift imports neither macros that call H5open() first nor macros that cast, and most of libhdf5's
// constants are one or the other. The functions below hand them over.

static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline haddr_t chdf5_undefined_address(void) { return HADDR_UNDEF; }
static inline size_t chdf5_variable_length(void) { return H5T_VARIABLE; }
static inline hid_t chdf5_string_type(void) { return H5T_C_S1; }
static inline hid_t chdf5_new_file_access(void) { return H5Pcreate(H5P_FILE_ACCESS); }
static inline hid_t chdf5_new_file_creation(void) { return H5Pcreate(H5P_FILE_CREATE); }
static inline hid_t chdf5_new_group_creation(void) { return H5Pcreate(H5P_GROUP_CREATE); }
static inline hid_t chdf5_new_dataset_creation(void) { return H5Pcreate(H5P_DATASET_CREATE); }
static inline hid_t chdf5_new_link_creation(void) { return H5Pcreate(H5P_LINK_CREATE); }

// The standard integer type of that many bytes; negative when there is none.
static inline hid_t chdf5_integer_type(int is_signed, int byte_count, int is_big_endian) {
  switch (byte_count) {
  case 1:
    if (is_big_endian) return is_signed ? H5T_STD_I8BE : H5T_STD_U8BE;
    return is_signed ? H5T_STD_I8LE : H5T_STD_U8LE;
  case 2:
    if (is_big_endian) return is_signed ? H5T_STD_I16BE : H5T_STD_U16BE;
    return is_signed ? H5T_STD_I16LE : H5T_STD_U16LE;
  case 4:
    if (is_big_endian) return is_signed ? H5T_STD_I32BE : H5T_STD_U32BE;
    return is_signed ? H5T_STD_I32LE : H5T_STD_U32LE;
  case 8:
    if (is_big_endian) return is_signed ? H5T_STD_I64BE : H5T_STD_U64BE;
    return is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  default: return -1;
  }
}

// The IEEE type of four or eight bytes; negative when there is none.
static inline hid_t chdf5_float_type(int byte_count, int is_big_endian) {
  switch (byte_count) {
  case 4: return is_big_endian ? H5T_IEEE_F32BE : H5T_IEEE_F32LE;
  case 8: return is_big_endian ? H5T_IEEE_F64BE : H5T_IEEE_F64LE;
  default: return -1;
  }
}

// Without this libhdf5 prints every error that we turn into a Swift error.
static inline herr_t chdf5_silence(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

typedef struct {
  char text[512];
} chdf5_message;

static inline herr_t chdf5_copy_innermost(
    unsigned depth, const H5E_error2_t *error, void *context) {
  chdf5_message *message = (chdf5_message *)context;
  if (depth != 0 || !error->desc) return 0;
  const char *text = error->desc;
  // The system's reason stands behind the file's name, which may be long.
  if (strlen(text) >= sizeof message->text && strstr(text, "errno = ")) text = strstr(text, "errno = ");
  strncpy(message->text, text, sizeof message->text - 1);
  return 0;
}

// What the innermost function said when the last call failed. The error structure holds borrowed
// pointers, so it is copied on this side.
static inline chdf5_message chdf5_innermost_message(void) {
  chdf5_message message;
  memset(&message, 0, sizeof message);
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_copy_innermost, &message);
  return message;
}

enum {
  chdf5_hard_link = 0,
  chdf5_soft_link = 1,
  chdf5_external_link = 2,
  chdf5_other_link = 3,
};

// Receives a link's name and kind. A result other than 0 ends the visit.
typedef int (*chdf5_visitor)(const char *name, int kind, void *context);

typedef struct {
  chdf5_visitor visitor;
  void *context;
} chdf5_visit;

static inline herr_t chdf5_visit_link(
    hid_t group, const char *name, const H5L_info_t *info, void *context) {
  (void)group;
  chdf5_visit *visit = (chdf5_visit *)context;
  int kind = chdf5_other_link;
  if (info->type == H5L_TYPE_HARD) kind = chdf5_hard_link;
  if (info->type == H5L_TYPE_SOFT) kind = chdf5_soft_link;
  if (info->type == H5L_TYPE_EXTERNAL) kind = chdf5_external_link;
  return visit->visitor(name, kind, visit->context);
}

// H5Literate is a macro in newer libraries, and its structure changed; this one stays the same.
static inline herr_t chdf5_visit_links(hid_t group, chdf5_visitor visitor, void *context) {
  chdf5_visit visit = {visitor, context};
  hsize_t start = 0;
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &start, chdf5_visit_link, &visit);
}

// Where an object's header stands in the file, which tells objects apart. The structure's name
// changed in newer libraries.
static inline herr_t chdf5_object_address(hid_t object, haddr_t *address) {
  H5O_info_t info;
  herr_t status = H5Oget_info2(object, &info, H5O_INFO_BASIC);
  if (status >= 0) *address = info.addr;
  return status;
}

// The descriptor that an open file reads through, which libhdf5 keeps and closes; negative when it
// has none. The pointer to it must not leave this function.
static inline int chdf5_descriptor(hid_t file) {
  void *handle = NULL;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0 || handle == NULL) return -1;
  return *(int *)handle;
}

// An external link must not be followed, wherever it stands: without its class it cannot be.
static inline herr_t chdf5_forget_external_links(void) { return H5Lunregister(H5L_TYPE_EXTERNAL); }

// The id of a dataset's filter; negative when it cannot be read.
static inline H5Z_filter_t chdf5_filter(hid_t creation, unsigned index) {
  unsigned flags = 0;
  size_t count = 0;
  unsigned configuration = 0;
  return H5Pget_filter2(creation, index, &flags, &count, NULL, 0, NULL, &configuration);
}

#endif
