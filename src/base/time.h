/* time.h - UTC time as int64 milliseconds since 1970-01-01T00:00Z (T1). No local time anywhere. */
#ifndef PP_TIME_H
#define PP_TIME_H

#include "base/base.h"

#define PP_MINUTE_MS INT64_C(60000)
#define PP_HOUR_MS   (60 * PP_MINUTE_MS)
#define PP_DAY_MS    (24 * PP_HOUR_MS)

enum { PP_TIME_TEXT = 32 };

typedef struct pp_date {
    int64_t year;
    int month, day; /* 1..12, 1..31 */
} pp_date;

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t pp_days_of_date(int64_t year, int month, int day);
pp_date pp_date_of_days(int64_t days);

/* Floor division and remainder, for times before 1970 too; b > 0. */
static inline int64_t pp_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Now, by the clock of this machine; no result may depend on it. */
int64_t pp_clock_ms(void);

/* Reads 2025-01-01, 2025-01-01T12:00[:30[.123]] with Z, an offset (+02:00) or nothing (UTC), a
 * space instead of T, or plain epoch milliseconds (at least 9 digits, or signed). */
bool pp_time_parse(const char *text, int64_t *out_ms);

/* 2025-01-01T12:00:00Z, with .123 where the milliseconds are not 0. Returns out. */
char *pp_time_format(int64_t ms, char out[PP_TIME_TEXT]);

/* "90m" "2h" "30d" to milliseconds; false for anything else or a value that is not positive. */
bool pp_duration_parse(const char *text, int64_t *out_ms);

#endif
