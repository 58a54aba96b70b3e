/* What listens on the machine's loopback and at abstract addresses. */
#include <arpa/inet.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/array.h"
#include "conf/common/cleanup.h"
#include "shell/ctl/census/census.h"

static bool by_network(const struct policy *policy)
{
	return policy->kinds & CLONE_NEWNET;
}

/* Of the session's own there is nothing on either of them, except pasta's resolver. */
static enum seen ports(struct look *look)
{
	char word[24];

	if (!look->witness->port)
		return look_nothing(look, "nothing can listen on 127.0.0.1 here");
	/* as the kernel prints an address: the number that its bytes are here */
	snprintf(word, sizeof word, "%08X:%04X", htonl(INADDR_LOOPBACK), look->witness->port);
	return look_for_word("/proc/net/tcp", word) > 0 ? SEEN_YES : SEEN_NO;
}

static enum seen connecting(struct look *look)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(look->witness->port)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!look->witness->port)
		return look_nothing(look, "nothing can listen on 127.0.0.1 here");
	/* loopback answers at once, one way or the other */
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? SEEN_YES
											: SEEN_NO;
}

static enum seen abstract(struct look *look)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(look->witness->name);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!look->witness->abstract)
		return look_nothing(look, "nothing can listen at an abstract address here");
	if (look_for_word("/proc/net/unix", look->witness->name) > 0)
		return SEEN_YES;
	memcpy(address.sun_path + 1, look->witness->name, length);
	length += offsetof(struct sockaddr_un, sun_path) + 1;
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, (socklen_t)length) == 0
		       ? SEEN_YES
		       : SEEN_NO;
}

static const struct channel list[] = {
	{"ports", "TCP ports and whose they are", "network = user", by_network, ports, false},
	{"connect", "connecting to 127.0.0.1", "network = user", by_network, connecting, false},
	{"abstract", "abstract sockets", "network = user", by_network, abstract, false},
};
const struct channels channels_of_the_network = {list, ARRAY_SIZE(list)};
