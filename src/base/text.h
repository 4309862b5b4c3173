/* text.h - numbers as text and back, the same on every machine and in every locale. */
#ifndef PP_TEXT_H
#define PP_TEXT_H

#include "base/arena.h"

enum { PP_DOUBLE_TEXT = 32, PP_INT_TEXT = 24, PP_NUMBER_TEXT_MAX = 400 };

/* The one canonical text of a double: the fewest digits that read back as the same double, nearest
 * to it among those, laid out as ECMAScript and RFC 8785 do: plain decimals for
 * 1e-6 <= |x| < 1e21 ("100", "0.1", "-2.5"), else one digit before the point and an exponent
 * ("1e-7", "1.5e+300"). Zero is "0", also -0. "nan", "inf", "-inf" are for people; no file format
 * of ours contains them. Returns out. */
char *pp_double_text(double x, char out[PP_DOUBLE_TEXT]);

/* Its decimal digits, "-" before them if negative. Returns out. */
char *pp_int_text(int64_t v, char out[PP_INT_TEXT]);

/* Reads the n bytes at s, all of them, as a decimal number: sign, digits with an optional point,
 * optional exponent; the nearest double, ties to even. False: anything else (spaces, hex, inf,
 * nan), a result too large for a double, or n > PP_NUMBER_TEXT_MAX. */
bool pp_double_parse(const char *s, size_t n, double *out);

/* The n bytes at s as a whole number in int64: optional sign, digits. */
bool pp_int_parse(const char *s, size_t n, int64_t *out);
/* The same as people write it: "1000", up to 9e15 also "1000.0" and "1e3". */
bool pp_whole_parse(const char *s, size_t n, int64_t *out);

/* A field of CSV (RFC 4180): quoted where a comma, a quote or a line end stands in the text. */
void pp_csv_text(pp_buf *out, const char *s);

/* Length of the UTF-8 character at s, 0 if there is none: no overlong forms, no surrogates. */
size_t pp_utf8_length(const unsigned char *s, size_t n);

/* Whether word stands in the text by itself: no letter, digit or underscore beside it. */
bool pp_has_word(const char *text, const char *word);

#endif
