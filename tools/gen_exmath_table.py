#!/usr/bin/env python3
"""Prints src/base/exmath_table.h: the tables of exmath.c from 80-digit decimal arithmetic.

    python3 tools/gen_exmath_table.py > src/base/exmath_table.h
"""
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 80
LOG_BITS = EXP_BITS = 7
LN2 = Decimal(2).ln()


def exact(x):
    """A Fraction as a Decimal (all here are dyadic or fit 80 digits)."""
    return Decimal(x.numerator) / Decimal(x.denominator)


def to_double(x):
    return float(x)  # Decimal and Fraction round correctly


def split(x, grain_bits):
    """x = hi + lo, hi a multiple of 2^-grain_bits."""
    hi = Fraction(round(Fraction(x) * 2**grain_bits), 2**grain_bits)
    return to_double(hi), to_double(Decimal(x) - exact(hi))


def log_rows():
    rows = []
    n = 2**LOG_BITS
    for i in range(n):
        # i counts steps of 1/128 of the mantissa from 1.375 up; from 5/8 of the table on z >= 1.
        begin = 1 + Fraction(i, n) - Fraction(5, 8)
        end = begin + Fraction(1, n)
        if begin < 1:
            begin, end = (begin + 1) / 2, (end + 1) / 2
        if begin == 1 or end == 1:
            c = Fraction(1)
        else:
            c = Fraction(round(2**9 / ((begin + end) / 2)), 2**9)
        reach = max(abs(begin * c - 1), abs(end * c - 1))
        assert reach <= Fraction(1, 128), (i, float(reach))
        hi, low = split(-exact(c).ln(), 42)
        rows.append((to_double(c), hi, low))
    return rows


def exp_rows():
    rows = []
    for i in range(2**EXP_BITS):
        v = Decimal(2) ** (Decimal(i) / 2**EXP_BITS)
        hi = to_double(v)
        rows.append((hi, to_double(v - Decimal(hi))))
    return rows


def main():
    print("/* exmath_table.h - constants of exmath.c; written by tools/gen_exmath_table.py. */")
    print("#ifndef PP_EXMATH_TABLE_H\n#define PP_EXMATH_TABLE_H\n")
    hi, lo = split(LN2, 42)
    print("#define LN2_HI %s\n#define LN2_LO %s" % (hi.hex(), lo.hex()))
    print("#define EXP_N_OVER_LN2 %s" % to_double(2**EXP_BITS / LN2).hex())
    hi, lo = split(LN2 / 2**EXP_BITS, 42)
    print("#define LN2_OVER_N_HI %s\n#define LN2_OVER_N_LO %s\n" % (hi.hex(), lo.hex()))
    print("/* c near 1 / z, and -log(c) = hi + lo; hi is a multiple of 2^-42. */")
    print("static const struct {\n    double c, hi, lo;\n} log_table[%d] = {" % 2**LOG_BITS)
    for row in log_rows():
        print("    {%s, %s, %s}," % tuple(v.hex() for v in row))
    print("};\n\n/* 2^(i/%d) = hi + lo. */" % 2**EXP_BITS)
    print("static const struct {\n    double hi, lo;\n} exp_table[%d] = {" % 2**EXP_BITS)
    for row in exp_rows():
        print("    {%s, %s}," % tuple(v.hex() for v in row))
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
