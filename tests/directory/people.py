#!/usr/bin/env python3
"""people.py - an organisation as LDIF: 20,000 users and 2,000 groups, as rfc2307 and as rfc2307bis.

ou=people            u1 ... u20000, uid 100000 and up, all of them in everyone; frieda, "john smith" and
                     ALICEL
ou=groups            with memberUid (rfc2307)
ou=bis               the same groups, with member (rfc2307bis)

g1 ... g2000 have ten members each, big1, big2 and big3 5,000 (u1 is in big1, u15001 in none); u27 is in
27 groups, u205 in 205.
"""
BASE = "dc=example,dc=org"
USERS, GROUPS, BIG = 20000, 2000, 5000


def entry(dn, **attributes):
    lines = [f"dn: {dn},{BASE}"]
    for name, values in attributes.items():
        lines += [f"{name}: {value}" for value in (values if isinstance(values, list) else [values])]
    print("\n".join(lines) + "\n")


def person(name, number):
    entry(f"uid={name},ou=people", objectClass=["account", "posixAccount"], uid=name, cn=name,
          uidNumber=number, gidNumber=200000, homeDirectory="/tmp", loginShell="/bin/sh")


def group(name, number, members):
    entry(f"cn={name},ou=groups", objectClass=["organizationalRole", "posixGroup"], cn=name, gidNumber=number,
          **({"memberUid": members} if members else {}))
    entry(f"cn={name},ou=bis", objectClass=["groupOfNames", "posixGroup"], cn=name, gidNumber=number,
          member=[f"uid={member},ou=people,{BASE}" for member in members] or f"cn=nobody,{BASE}")


print(f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n")
for unit in ("people", "groups", "bis"):
    entry(f"ou={unit}", objectClass="organizationalUnit", ou=unit)
for number in range(1, USERS + 1):
    person(f"u{number}", 100000 + number)
for number, name in enumerate(("frieda", "john smith", "ALICEL")):
    person(name, 150000 + number)
group("everyone", 200000, [])
for number in range(1, 4):
    group(f"big{number}", 200000 + number, [f"u{(number - 1) * BIG + member}" for member in range(1, BIG + 1)])
for number in range(1, GROUPS + 1):
    members = [f"u{15000 + (number * 10 + member) % 5000 + 1}" for member in range(10)]
    members += ["u27"] * (number <= 26) + ["u205"] * (number <= 204)
    group(f"g{number}", 300000 + number, members)
group("staff people", 210000, ["u1", "john smith"])
group("Teachers", 210001, ["frieda", "u2"])
group("pupils", 210002, ["u4"])
group("learners", 210002, ["u5"])
