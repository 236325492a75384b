"""Direct bindings to pdfium for the functions called once per character or object. Handles in, numbers out.

The ready-made bindings check and wrap every argument, which costs more than the call. Here the same functions
take plain integers (handles and buffer addresses), so that `map` can drive them without Python code in between.
Those called for every character check no argument at all: they take the page and every address as `c_void_p`, for a
plain integer would be cut to 32 bits. Nothing here opens or closes anything; see pdf. pdfium is not thread-safe,
hence PYFUNCTYPE: the interpreter lock stays held during a call.
"""

import ctypes
from collections.abc import Callable
from typing import Any

from pypdfium2 import raw

_HANDLE = ctypes.c_void_p
_ADDRESS = ctypes.c_void_p
_INT = ctypes.c_int
_ULONG = ctypes.c_ulong
_SIZE = ctypes.c_size_t  # for a handle that may be missing: 0 instead of None


def _direct(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


def _unchecked(function: Any, result: Any) -> Callable[..., Any]:
    # Without argument types a call costs two thirds: measured 170 ns instead of 260 ns.
    return _direct(function, result)


# Characters, called for each: (text page as c_void_p, index[, address as c_void_p]).
every_unicode = _unchecked(raw.FPDFText_GetUnicode, ctypes.c_uint)
every_is_unmapped = _unchecked(raw.FPDFText_HasUnicodeMapError, _INT)
every_object = _unchecked(raw.FPDFText_GetTextObject, _SIZE)
every_loose_box = _unchecked(raw.FPDFText_GetLooseCharBox, _INT)

# Text objects, called for each: (object[, address]), both as c_void_p.
every_font = _unchecked(raw.FPDFTextObj_GetFont, _SIZE)
every_size = _unchecked(raw.FPDFTextObj_GetFontSize, _INT)
every_mode = _unchecked(raw.FPDFTextObj_GetTextRenderMode, _INT)

# Characters: (text page, index[, address]).
char_box = _direct(raw.FPDFText_GetCharBox, _INT, _HANDLE, _INT, _ADDRESS, _ADDRESS, _ADDRESS, _ADDRESS)
char_origin = _direct(raw.FPDFText_GetCharOrigin, _INT, _HANDLE, _INT, _ADDRESS, _ADDRESS)
char_matrix = _direct(raw.FPDFText_GetMatrix, _INT, _HANDLE, _INT, _ADDRESS)
char_is_hyphen = _direct(raw.FPDFText_IsHyphen, _INT, _HANDLE, _INT)

# Fonts.
font_name = _direct(raw.FPDFFont_GetBaseFontName, ctypes.c_size_t, _HANDLE, _ADDRESS, ctypes.c_size_t)
font_ascent = _direct(raw.FPDFFont_GetAscent, _INT, _HANDLE, ctypes.c_float, _ADDRESS)
font_descent = _direct(raw.FPDFFont_GetDescent, _INT, _HANDLE, ctypes.c_float, _ADDRESS)
font_weight = _direct(raw.FPDFFont_GetWeight, _INT, _HANDLE)
font_flags = _direct(raw.FPDFFont_GetFlags, _INT, _HANDLE)
font_italic_angle = _direct(raw.FPDFFont_GetItalicAngle, _INT, _HANDLE, _ADDRESS)

# Page objects.
page_object_count = _direct(raw.FPDFPage_CountObjects, _INT, _HANDLE)
page_object = _direct(raw.FPDFPage_GetObject, _HANDLE, _HANDLE, _INT)
form_object_count = _direct(raw.FPDFFormObj_CountObjects, _INT, _HANDLE)
form_object = _direct(raw.FPDFFormObj_GetObject, _HANDLE, _HANDLE, _ULONG)
object_type = _direct(raw.FPDFPageObj_GetType, _INT, _HANDLE)
object_bounds = _direct(raw.FPDFPageObj_GetBounds, _INT, _HANDLE, _ADDRESS, _ADDRESS, _ADDRESS, _ADDRESS)
object_matrix = _direct(raw.FPDFPageObj_GetMatrix, _INT, _HANDLE, _ADDRESS)
object_stroke_width = _direct(raw.FPDFPageObj_GetStrokeWidth, _INT, _HANDLE, _ADDRESS)
object_fill_color = _direct(
    raw.FPDFPageObj_GetFillColor, _INT, _HANDLE, _ADDRESS, _ADDRESS, _ADDRESS, _ADDRESS
)
path_draw_mode = _direct(raw.FPDFPath_GetDrawMode, _INT, _HANDLE, _ADDRESS, _ADDRESS)
path_segment_count = _direct(raw.FPDFPath_CountSegments, _INT, _HANDLE)
path_segment = _direct(raw.FPDFPath_GetPathSegment, _HANDLE, _HANDLE, _INT)
segment_point = _direct(raw.FPDFPathSegment_GetPoint, _INT, _HANDLE, _ADDRESS, _ADDRESS)
segment_type = _direct(raw.FPDFPathSegment_GetType, _INT, _HANDLE)
segment_closes = _direct(raw.FPDFPathSegment_GetClose, _INT, _HANDLE)

OBJECT_TEXT: int = raw.FPDF_PAGEOBJ_TEXT
OBJECT_PATH: int = raw.FPDF_PAGEOBJ_PATH
OBJECT_IMAGE: int = raw.FPDF_PAGEOBJ_IMAGE
OBJECT_FORM: int = raw.FPDF_PAGEOBJ_FORM
SEGMENT_LINE: int = raw.FPDF_SEGMENT_LINETO
SEGMENT_MOVE: int = raw.FPDF_SEGMENT_MOVETO


def handle(value: Any) -> int:
    """The address behind a pdfium handle of the ready-made bindings."""
    address = ctypes.cast(value, ctypes.c_void_p).value
    assert address is not None
    return address
