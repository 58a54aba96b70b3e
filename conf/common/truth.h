/*
 * truth.h - yes, no, or nobody can tell: what is asked of a service that may be down.
 */
#ifndef NSISOLATE_TRUTH_H
#define NSISOLATE_TRUTH_H

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

#endif
