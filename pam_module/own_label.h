/*
 * own_label.h - the application's own SELinux label, for as long as it has the session's /proc.
 */
#ifndef NSISOLATE_OWN_LABEL_H
#define NSISOLATE_OWN_LABEL_H

/*
 * Makes getcon(3) in this thread answer without /proc.  Does nothing where SELinux is disabled or
 * the application does not use libselinux.  Returns 0, or -errno: in the session getcon(3) will
 * fail.  Needs the permissions setcurrent and dyntransition (packaging/selinux/nsisolate.cil).
 */
int own_label_remember(void);

#endif
