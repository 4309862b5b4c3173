#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t pp_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Era arithmetic of the Gregorian calendar: 400 years have 146,097 days. */
int64_t pp_days_of_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = pp_floor_div(year, 400), yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

pp_date pp_date_of_days(int64_t days)
{
    days += 719468;
    int64_t era = pp_floor_div(days, 146097), doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (pp_date){yoe + era * 400 + (month <= 2), month, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

static bool digits(const char **p, int count, int *out)
{
    int v = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*p)[i]))
            return false;
        v = v * 10 + ((*p)[i] - '0');
    }
    *p += count;
    *out = v;
    return true;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool parse_epoch(const char *s, int64_t *out_ms)
{
    bool neg = *s == '-';
    const char *d = s + (neg || *s == '+');
    size_t n = strlen(d);
    if (n == 0 || n > 18 || strspn(d, "0123456789") != n || (d == s && n < 9 && strcmp(d, "0")))
        return false;
    int64_t v = 0;
    for (; *d; d++)
        v = v * 10 + (*d - '0');
    *out_ms = neg ? -v : v;
    return true;
}

static bool parse_fraction(const char **p, int *ms)
{
    int scale = 100;
    if (!isdigit((unsigned char)**p))
        return false;
    for (*ms = 0; isdigit((unsigned char)**p); ++*p) {
        *ms += (**p - '0') * scale;
        scale /= 10;
    }
    return true;
}

static bool parse_zone(const char **p, int64_t *offset_ms)
{
    int h = 0, m = 0;
    *offset_ms = 0;
    if (take(p, 'Z') || take(p, 'z') || **p == '\0')
        return true;
    int sign = **p == '-' ? -1 : 1;
    if (!take(p, '+') && !take(p, '-'))
        return false;
    if (!digits(p, 2, &h) || h > 23)
        return false;
    if ((take(p, ':') || **p) && (!digits(p, 2, &m) || m > 59))
        return false;
    *offset_ms = sign * (h * PP_HOUR_MS + m * PP_MINUTE_MS);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool pp_time_parse(const char *text, int64_t *out_ms)
{
    if (parse_epoch(text, out_ms))
        return true;
    const char *p = text;
    int year, month, day, h = 0, m = 0, s = 0, ms = 0;
    int64_t offset_ms = 0;
    if (!digits(&p, 4, &year) || !take(&p, '-') || !digits(&p, 2, &month) || !take(&p, '-') ||
        !digits(&p, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    if (take(&p, 'T') || take(&p, 't') || take(&p, ' ')) {
        if (!digits(&p, 2, &h) || !take(&p, ':') || !digits(&p, 2, &m))
            return false;
        if (take(&p, ':') && (!digits(&p, 2, &s) || (take(&p, '.') && !parse_fraction(&p, &ms))))
            return false;
        if (h > 23 || m > 59 || s > 59)
            return false;
    }
    if (!parse_zone(&p, &offset_ms) || *p)
        return false;
    *out_ms = pp_days_of_date(year, month, day) * PP_DAY_MS + h * PP_HOUR_MS + m * PP_MINUTE_MS +
              s * 1000 + ms - offset_ms;
    return true;
}

char *pp_time_format(int64_t t_ms, char out[PP_TIME_TEXT])
{
    int64_t days = pp_floor_div(t_ms, PP_DAY_MS);
    int rest = (int)(t_ms - days * PP_DAY_MS);
    pp_date d = pp_date_of_days(days);
    int n = snprintf(out, PP_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)(d.year % 100000),
                     d.month, d.day, rest / 3600000, rest / 60000 % 60, rest / 1000 % 60);
    if (rest % 1000)
        snprintf(out + n, PP_TIME_TEXT - (size_t)n, ".%03dZ", rest % 1000);
    else
        snprintf(out + n, PP_TIME_TEXT - (size_t)n, "Z");
    return out;
}

bool pp_duration_parse(const char *text, int64_t *out_ms)
{
    int64_t v = 0;
    const char *p = text;
    for (; isdigit((unsigned char)*p) && v < 1000000; p++)
        v = v * 10 + (*p - '0');
    if (p == text || v <= 0 || p[0] == '\0' || p[1] != '\0')
        return false;
    int64_t unit = *p == 'm' ? PP_MINUTE_MS : *p == 'h' ? PP_HOUR_MS : *p == 'd' ? PP_DAY_MS : 0;
    *out_ms = v * unit;
    return unit != 0;
}
