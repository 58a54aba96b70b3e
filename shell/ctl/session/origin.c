#include "origin.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/common/cleanup.h"

#ifndef SYS_pidfd_getfd /* Linux 5.6 */
#define SYS_pidfd_getfd 438
#endif

/* where PID 1 has it: see ANSWER in shell/init/attach.c */
#define MARK STDOUT_FILENO

typedef int name_of(int fd, struct sockaddr *name, socklen_t *size);

static bool has_no_name(int fd, name_of *name_of_end)
{
	struct sockaddr_un name;
	socklen_t size = sizeof name;

	return name_of_end(fd, (struct sockaddr *)&name, &size) == 0 &&
	       size <= offsetof(struct sockaddr_un, sun_path);
}

int session_line(int pidfd, int number, struct ucred *maker)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	socklen_t maker_size = sizeof *maker, type_size = sizeof(int);
	int type, result;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0 ||
		type != SOCK_SEQPACKET || !has_no_name(fd, getsockname) ||
		!has_no_name(fd, getpeername) ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, maker, &maker_size) < 0)
		return -1;
	result = fd;
	fd = -1;
	return result;
}

bool session_mark(pid_t pid, pid_t *leader)
{
	struct ucred maker = {0};
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	_cleanup_close_ int line = pidfd < 0 ? -1 : session_line(pidfd, MARK, &maker);

	if (line < 0 || maker.uid != 0)
		return false;
	*leader = maker.pid;
	return true;
}
