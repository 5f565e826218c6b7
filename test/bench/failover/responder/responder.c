/*
 * A service for the failover bench: answers numbered requests over UDP and TCP on one port and says
 * which board it is. It is C so that its start costs 1 ms and hides nothing of what is measured.
 *
 *   responder NAME PORT [LOG]
 *
 * Request, 16 bytes: client u64, number u64. Answer, 48 bytes: both again, count u64 (of this
 * process, from 1), time u64 (CLOCK_BOOTTIME, us), NAME padded with zeros to 16 bytes. All little
 * endian. With LOG every answer is first appended there, 32 bytes: client, number, time, process
 * start time: what is not in the log was never acknowledged. A write that fails ends the process.
 * READY=1 goes to $NOTIFY_SOCKET (sd_notify(3)) once both sockets listen. UDP answers leave from
 * the address that was asked (IP_PKTINFO, ip(7)), as a host with several addresses must.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 16, ANSWER = 48, NAME = 16, CONNECTIONS = 256 };

struct connection {
  size_t have;
  unsigned char request[REQUEST];
};

static char name[NAME];
static int log_fd = -1;
static uint64_t count, started_us;
static struct pollfd polled[CONNECTIONS + 2];
static struct connection connections[CONNECTIONS + 2];
static int polled_count = 2;

static void die(const char *what) {
  fprintf(stderr, "responder %s: %s: %s\n", name, what, strerror(errno));
  exit(1);
}

static uint64_t now_us(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) die("read CLOCK_BOOTTIME");
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* Logs the acknowledgement, then writes the answer. */
static void answer_to(const unsigned char *request, unsigned char *answer) {
  uint64_t now = now_us();
  count++;
  if (log_fd >= 0) {
    unsigned char line[32];
    memcpy(line, request, REQUEST);
    memcpy(line + 16, &now, 8);
    memcpy(line + 24, &started_us, 8);
    if (write(log_fd, line, sizeof line) != sizeof line) die("write the log");
  }
  memcpy(answer, request, REQUEST);
  memcpy(answer + 16, &count, 8);
  memcpy(answer + 24, &now, 8);
  memcpy(answer + 32, name, NAME);
}

static int open_socket(int type, uint16_t port) {
  int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;
  struct sockaddr_in any;
  memset(&any, 0, sizeof any);
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  if (fd < 0) die("open a socket");
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) die("set SO_REUSEADDR");
  if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0) die("bind the port");
  if (type == SOCK_STREAM && listen(fd, 128) != 0) die("listen");
  if (type == SOCK_DGRAM && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) != 0)
    die("set IP_PKTINFO");
  return fd;
}

static void serve_udp(int fd) {
  for (;;) {
    unsigned char request[64], answer[ANSWER], control[64];
    struct sockaddr_in from;
    struct iovec in = {request, sizeof request}, out = {answer, sizeof answer};
    struct msghdr got, put;
    struct cmsghdr *item;
    struct in_pktinfo *info = NULL;
    ssize_t length;
    memset(&got, 0, sizeof got);
    got.msg_name = &from;
    got.msg_namelen = sizeof from;
    got.msg_iov = &in;
    got.msg_iovlen = 1;
    got.msg_control = control;
    got.msg_controllen = sizeof control;
    length = recvmsg(fd, &got, 0);
    if (length < 0) return; /* EAGAIN: all read; an ICMP error is the client's affair */
    if (length != REQUEST) continue;
    for (item = CMSG_FIRSTHDR(&got); item != NULL; item = CMSG_NXTHDR(&got, item))
      if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO)
        info = (struct in_pktinfo *)CMSG_DATA(item);
    if (info == NULL) continue;
    answer_to(request, answer);
    info->ipi_ifindex = 0; /* the way back is the routing table's choice */
    info->ipi_spec_dst = info->ipi_addr;
    memset(&put, 0, sizeof put);
    put.msg_name = &from;
    put.msg_namelen = sizeof from;
    put.msg_iov = &out;
    put.msg_iovlen = 1;
    put.msg_control = control;
    put.msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
    (void)sendmsg(fd, &put, 0); /* lost or refused: a datagram is no promise */
  }
}

static void accept_all(int fd) {
  for (;;) {
    int one = 1, client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    if (polled_count == CONNECTIONS + 2) {
      close(client);
      continue;
    }
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    polled[polled_count].fd = client;
    polled[polled_count].events = POLLIN;
    polled[polled_count].revents = 0;
    connections[polled_count].have = 0;
    polled_count++;
  }
}

/* 0 = close it. A client that does not read its answers is closed, too. */
static int serve_tcp(int fd, struct connection *c) {
  for (;;) {
    ssize_t got = recv(fd, c->request + c->have, REQUEST - c->have, 0);
    unsigned char answer[ANSWER];
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return 0;
    c->have += (size_t)got;
    if (c->have < REQUEST) continue;
    c->have = 0;
    answer_to(c->request, answer);
    if (send(fd, answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) return 0;
  }
}

static void tell_ready(void) {
  const char *path = getenv("NOTIFY_SOCKET"), *text = "READY=1";
  struct sockaddr_un to;
  size_t length;
  int fd;
  if (path == NULL) return;
  length = strlen(path);
  if (length == 0 || length >= sizeof to.sun_path) {
    errno = EINVAL;
    die("use NOTIFY_SOCKET");
  }
  memset(&to, 0, sizeof to);
  to.sun_family = AF_UNIX;
  memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = 0;
  fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("open a socket");
  length += offsetof(struct sockaddr_un, sun_path);
  if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, (socklen_t)length) < 0)
    die("tell NOTIFY_SOCKET");
  close(fd);
}

int main(int argc, char **argv) {
  int port = argc >= 3 ? atoi(argv[2]) : 0;
  if (argc < 3 || argc > 4 || strlen(argv[1]) > NAME || port < 1 || port > 65535) {
    fprintf(stderr, "usage: responder NAME PORT [LOG]; NAME has at most %d bytes\n", NAME);
    return 2;
  }
  memcpy(name, argv[1], strlen(argv[1]));
  started_us = now_us();
  if (argc == 4) {
    log_fd = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) die(argv[3]);
  }
  polled[0].fd = open_socket(SOCK_DGRAM, (uint16_t)port);
  polled[1].fd = open_socket(SOCK_STREAM, (uint16_t)port);
  polled[0].events = polled[1].events = POLLIN;
  tell_ready();
  for (;;) {
    if (poll(polled, (nfds_t)polled_count, -1) < 0) {
      if (errno == EINTR) continue;
      die("poll");
    }
    if (polled[0].revents != 0) serve_udp(polled[0].fd);
    for (int i = 2; i < polled_count; i++) {
      if (polled[i].revents == 0 || serve_tcp(polled[i].fd, &connections[i])) continue;
      close(polled[i].fd);
      polled_count--;
      polled[i] = polled[polled_count];
      connections[i] = connections[polled_count];
      i--;
    }
    if (polled[1].revents != 0) accept_all(polled[1].fd);
  }
}
