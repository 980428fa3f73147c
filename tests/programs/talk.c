/* A word over TCP, from this process to itself on 127.0.0.1, which is printed
 * as it arrives.  With arguments: to that address and port, where nobody needs
 * to listen. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t size = sizeof(to);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char word[6] = "";
	int peer, on = 1;

	to.sin_addr.s_addr = inet_addr(argc > 1 ? argv[1] : "127.0.0.1");
	if (argc > 2) {
		to.sin_port = htons((unsigned short)atoi(argv[2]));
		return connect(client, (struct sockaddr *)&to, size) != 0;
	}
	size = sizeof(on);
	if (setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, size) != 0 ||
	    getsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, &size) != 0)
		return 1;
	size = sizeof(to);
	if (bind(server, (struct sockaddr *)&to, size) != 0 ||
	    listen(server, 1) != 0 ||
	    getsockname(server, (struct sockaddr *)&to, &size) != 0 ||
	    connect(client, (struct sockaddr *)&to, size) != 0)
		return 1;
	peer = accept(server, NULL, NULL);
	if (peer == -1 || send(client, "hello", 5, 0) != 5 ||
	    recv(peer, word, 5, MSG_WAITALL) != 5)
		return 1;
	puts(word);
	return 0;
}
