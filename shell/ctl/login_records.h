/* login_records.h - where it is recorded who logged in, when and from where. */
#ifndef NSISOLATE_CTL_LOGIN_RECORDS_H
#define NSISOLATE_CTL_LOGIN_RECORDS_H

/* packaging/privacy/tmpfiles.conf takes these from everyone. */
static const char *const login_records[] = {"/run/utmp", "/var/log/wtmp", "/var/log/lastlog",
	"/var/lib/wtmpdb/wtmp.db", "/var/lib/lastlog/lastlog2.db"};

#endif
