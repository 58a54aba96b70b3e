/*
 * time_span.h - a length of time as people write it: systemd.time(7), TIME SPANS.
 */
#ifndef NSISOLATE_TIME_SPAN_H
#define NSISOLATE_TIME_SPAN_H

/*
 * "90", "2h 30min", "7days", "1week2d": whole numbers, each with a unit from seconds to years;
 * without a unit, seconds.  Returns the seconds, at most @limit; 0 for "infinity"; -1 when @text is
 * not a time span, or is zero, or more than @limit.
 */
long long time_span_parse(const char *text, unsigned long long limit);

#endif
