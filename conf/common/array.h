/* array.h - the number of elements of an array; does not accept a pointer. */
#ifndef NSISOLATE_ARRAY_H
#define NSISOLATE_ARRAY_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
