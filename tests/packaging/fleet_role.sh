# In a Debian with sshd and Ansible: the example of packaging/fleet keeps its promises.
. /tree/tests/packaging/inside.sh
# Ansible needs UTF-8
export LC_ALL=C.UTF-8
apt-get -q -y -o Dpkg::Use-Pty=0 install /out/deb/nsisolate_*.deb
cp -r /tree/packaging/fleet /root/fleet
cd /root/fleet
play() { ansible-playbook -i localhost, -c local "$@" site.yml; }
state() { cksum /etc/nsisolate.conf /etc/nsisolate.conf.d/* /etc/pam.d/*; }

play --syntax-check
play --check --diff
fails grep -r pam_nsisolate /etc/pam.d
fails test -e /etc/nsisolate.conf.d

groupadd students
play
nsisolatectl check || test $? = 1 # no group `operators` here
sshd_start
useradd -m -s /bin/sh -G students bob
install -d -m 700 -o bob -g bob /home/bob/.ssh
install -m 600 -o bob -g bob /root/key.pub /home/bob/.ssh/authorized_keys
test "$(on alice hostname)" = alice-lab
test "$(on bob hostname)" = bob
test "$(on root hostname)" = lab
state >/tmp/state
play | tee /tmp/said
grep 'changed=0 ' /tmp/said
state | diff /tmp/state -

# an invalid rule gets no further than to a place where nobody reads it
sed -i 's/scope: user/scope: everybody/' site.yml
play >/tmp/said 2>&1 && exit 1
grep 'expected' /tmp/said
state | diff /tmp/state -
test "$(on bob hostname)" = bob
sed -i 's/scope: everybody/scope: user/' site.yml

# a rule that was removed is removed there, too; and so is the profile when told to
sed -i '/50-students/,/settings/d' site.yml
echo '        nsisolate_isolate: true' >>site.yml
play
test "$(on bob hostname)" = bob-lab
sed -i 's/nsisolate_isolate: true/nsisolate_isolate: false/' site.yml
play
test "$(on bob hostname)" = lab
fails grep -r pam_nsisolate /etc/pam.d
echo "NOTE: $(ansible-playbook --version | head -n 1)"
