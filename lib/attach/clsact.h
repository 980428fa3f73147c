/*
 * The clsact qdisc of an interface, which has the filters of tc.  Whoever is
 * first makes it, and the last of us takes it away when nothing is on it.
 *
 * The functions set errno and return -1.
 */
#ifndef SKEL_ATTACH_CLSACT_H
#define SKEL_ATTACH_CLSACT_H

/*
 * Keep other processes of the suite in this network namespace from making and
 * removing the interface's qdisc meanwhile.  Returns a descriptor to close; or
 * -1 when that takes too long, which is no reason to give up.
 */
int clsact_lock(unsigned int ifindex);

/*
 * See that there is one.  *claim is a descriptor to close when the qdisc is of
 * no use any more, and then to try clsact_remove(), if one of us made it; or
 * -1.
 */
int clsact_make(unsigned int ifindex, int *claim);

/* Remove it if no filter is on it. */
int clsact_remove(unsigned int ifindex);

#endif
