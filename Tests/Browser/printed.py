"""What stands where on the pages of a PDF, in points from the lower left corner."""

import unicodedata

from pdfminer.high_level import extract_pages
from pdfminer.layout import LAParams, LTChar, LTImage, LTTextLine


class PrintedPage:
    """The words of a page from the top, each with its box, and the pictures in the order of drawing."""

    def __init__(self, layout):
        parts = list(_parts(layout))
        lines = [part for part in parts if isinstance(part, LTTextLine)]
        letters = [letter for line in lines for letter in line if isinstance(letter, LTChar)]
        self.words = [word for line in lines for word in _words(line)] + list(_upright_words(letters))
        self.pictures = _joined([part.bbox for part in parts if isinstance(part, LTImage)])
        self.text = [_plain(line.get_text()).strip() for line in sorted(lines, key=lambda line: -line.y1)]

    def words_in(self, left, bottom, right, top):
        """The words whose middle lies in a box."""
        return [(word, box) for word, box in self.words
                if left <= (box[0] + box[2]) / 2 <= right and bottom <= (box[1] + box[3]) / 2 <= top]


def printed_pages(path):
    """The pages of a PDF."""
    apart = LAParams(char_margin=1, word_margin=0.3, line_margin=0.01, boxes_flow=None)
    return [PrintedPage(layout) for layout in extract_pages(path, laparams=apart)]


def _parts(layout):
    yield layout
    if not isinstance(layout, LTTextLine):
        for part in layout if hasattr(layout, "__iter__") else []:
            yield from _parts(part)


def _joined(boxes, gap=4):
    """Boxes that all but touch, as one each: where shared experts stand apart, a heatmap is of four pictures."""
    joined = []
    for box in boxes:
        last = joined[-1] if joined else None
        if last and (box[0] - gap <= last[2] and last[0] - gap <= box[2]
                     and box[1] - gap <= last[3] and last[1] - gap <= box[3]):
            joined[-1] = (min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
        else:
            joined.append(box)
    return joined


def _is_upright(letter):
    return abs(letter.matrix[1]) > abs(letter.matrix[0])


def _words(line):
    letters = []
    for part in [*line, None]:
        if isinstance(part, LTChar) and not part.get_text().isspace() and not _is_upright(part):
            letters.append(part)
        elif letters:
            yield _word(letters)
            letters = []


def _upright_words(letters):
    """Words that are read from below, which the lines of pdfminer tear apart."""
    word = []
    upright = [letter for letter in letters if _is_upright(letter) and not letter.get_text().isspace()]
    for letter in sorted(upright, key=lambda letter: (letter.x0, letter.y0)):
        if word and (abs(letter.x0 - word[-1].x0) > 0.5 or letter.y0 - word[-1].y1 > 1):
            yield _word(word)
            word = []
        word.append(letter)
    if word:
        yield _word(word)


def _word(letters):
    return (_plain("".join(letter.get_text() for letter in letters)),
            (min(letter.x0 for letter in letters), min(letter.y0 for letter in letters),
             max(letter.x1 for letter in letters), max(letter.y1 for letter in letters)))


def _plain(text):
    """Letters that fonts join, such as fl, apart."""
    return unicodedata.normalize("NFKC", text)
