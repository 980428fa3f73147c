#!/usr/bin/env python3
"""delegated.py COMMAND...: run the command in a user, network and mount namespace of its
own, on whose bpffs, /sys/fs/bpf, the namespace may create BPF tokens for everything."""
import ctypes
import os
import socket
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_PRIVATE, MS_REC = 1 << 18, 1 << 14
FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 1, 6
MOVE_MOUNT_F_EMPTY_PATH, AT_FDCWD = 4, -100
MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 429, 430, 431, 432  # on every architecture

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result < 0:
        sys.exit("delegated.py: " + os.strerror(ctypes.get_errno()))
    return result


def enter(parent, command):
    checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
    parent.send(b"unshared")
    parent.recv(16)
    fs = checked(libc.syscall(FSOPEN, b"bpf", 0))
    socket.send_fds(parent, [b"opened"], [fs])
    parent.recv(16)
    mount = checked(libc.syscall(FSMOUNT, fs, 0, 0))
    checked(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    checked(libc.syscall(MOVE_MOUNT, mount, b"", AT_FDCWD, b"/sys/fs/bpf", MOVE_MOUNT_F_EMPTY_PATH))
    os.execvp(command[0], command)


def delegate(child, pid):
    """Only the root of the host may say what a bpffs delegates."""
    child.recv(16)
    for file, text in ("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1"):
        with open(f"/proc/{pid}/{file}", "w") as f:
            f.write(text)
    child.send(b"mapped")
    fs = socket.recv_fds(child, 16, 1)[1]
    if fs:
        for key in b"cmds", b"maps", b"progs", b"attachs":
            checked(libc.syscall(FSCONFIG, fs[0], FSCONFIG_SET_STRING, b"delegate_" + key, b"any", 0))
        checked(libc.syscall(FSCONFIG, fs[0], FSCONFIG_CMD_CREATE, None, None, 0))
    child.send(b"created")


ours, theirs = socket.socketpair()
pid = os.fork()
if pid == 0:
    enter(theirs, sys.argv[1:])
theirs.close()
delegate(ours, pid)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
