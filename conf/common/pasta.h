/* pasta.h - the program that is a session's way out with `network = user`: pasta(1). */
#ifndef NSISOLATE_PASTA_H
#define NSISOLATE_PASTA_H

#define PASTA "/usr/bin/pasta"
#define PASTA_NEEDED "network = user needs " PASTA ": install the package passt"

#endif
