/* pasta.h - the program that is a session's way out with `network = user`: pasta(1). */
#ifndef NSISOLATE_PASTA_H
#define NSISOLATE_PASTA_H

#define PASTA "/usr/bin/pasta"
#define PASTA_NEEDED "network = user needs " PASTA ": install the package passt"

/* The session's own addresses.  With the machine's, that would not be reached from inside. */
#define PASTA_ADDRESS4 "169.254.2.1"
#define PASTA_GATEWAY4 "169.254.2.2"
#define PASTA_ADDRESS6 "fd6e:7369:736f::1"
#define PASTA_GATEWAY6 "fe80::1"

/*
 * How it is called, except for the namespaces: nothing of the host's loopback, by whichever name a
 * version has for it.  New versions look every second whether what they got the namespaces from
 * still is there, and quit when it is not.
 */
#define PASTA_OPTIONS                                                                             \
	"--foreground", "--quiet", "--config-net", "--pid", "/proc/self/fd/1", "--no-netns-quit", \
		"--ns-ifname", "outside", "--tcp-ports", "none", "--udp-ports", "none",           \
		"--tcp-ns", "none", "--udp-ns", "none", "--no-map-gw", "--address",               \
		PASTA_ADDRESS4, "--netmask", "24", "--gateway", PASTA_GATEWAY4, "--address",      \
		PASTA_ADDRESS6, "--gateway", PASTA_GATEWAY6
#define PASTA_FORWARD "--dns-forward"

#endif
