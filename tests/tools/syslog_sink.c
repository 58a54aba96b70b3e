/*
 * syslog_sink SOCKET FILE - replaces a log daemon: appends everything sent to SOCKET to FILE, one
 * line each, as "<priority>text".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char line[8192];
	ssize_t length;
	int socket_fd, file;

	if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	unlink(argv[1]);
	socket_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (socket_fd < 0 || file < 0 ||
		bind(socket_fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		chmod(argv[1], 0666) < 0) {
		perror("syslog_sink");
		return 1;
	}
	while ((length = recv(socket_fd, line, sizeof line - 1, 0)) >= 0) {
		line[length++] = '\n';
		if (write(file, line, (size_t)length) != length)
			return 1;
	}
	return 1;
}
