/*
 * array.h - how many elements an array has, not a pointer.
 */
#ifndef NSISOLATE_ARRAY_H
#define NSISOLATE_ARRAY_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
