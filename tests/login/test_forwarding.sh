# What sshd listens for on behalf of a session, and bytes that are not ASCII, both ways in.
. tests/stage.sh

# A listener or a client in a session, with a partner outside: sshd forwards.

check_agent() {
	ssh-agent -D -a $STAGE/agent >/dev/null & local agent=$!
	wait_for test -S $STAGE/agent
	SSH_AUTH_SOCK=$STAGE/agent ssh-add -q $STAGE/keys/user
	assert_match "$(SSH_AUTH_SOCK=$STAGE/agent on "$user" -A 'ssh-add -l; hostname')" \
		"ED25519.*$user-lab" "keys of the agent"
	kill $agent
	wait $agent 2>/dev/null
	rm -f $STAGE/agent
}
test_an_agent_is_forwarded() { both check_agent; }

# The host's port 6007 stands in for an X server: it records that it got a greeting with a cookie from the
# client's side (ssh has replaced the one that the session knows), and answers.
check_x11() {
	local answer server localhost=yes
	# sshd runs xauth outside nsisolate-shell's session, and xauth stores cookies for localhost under
	# the hostname, which is different inside
	[ "$user" = alice ] || localhost=no
	sshd_stop
	sshd_start X11Forwarding=yes X11UseLocalhost=$localhost
	command -v xauth >/dev/null || fail "xauth is not installed"
	command -v socat >/dev/null || fail "socat is not installed"
	# shellcheck disable=SC2016 # for the shell that socat starts
	socat TCP-LISTEN:6007,bind=127.0.0.1,reuseaddr \
		SYSTEM:'head -c 48 >'$STAGE'/greeting; echo picture' >/dev/null 2>&1 &
	server=$!
	wait_for listens 6007
	# the greeting by hand, with a cookie of 16 bytes: X.V11.R7 Protocol, chapter 8
	answer=$(DISPLAY=127.0.0.1:7 XAUTHORITY=$STAGE/xauthority on "$user" -Y -n '
		cookie=$(xauth list "$DISPLAY" | sed "s/.* //; s/../\\\\x&/g")
		port=${DISPLAY#*:}
		echo "cookies $(xauth list "$DISPLAY" | wc -l)"
		exec bash -c "exec 5<>/dev/tcp/${DISPLAY%:*}/$((6000 + ${port%.*}))
			printf \"l\\0\\13\\0\\0\\0\\22\\0\\20\\0\\0\\0MIT-MAGIC-COOKIE-1\\0\\0$cookie\" >&5
			cat <&5"' 2>/dev/null) # xauth remarks that the user had no file
	assert_eq "$answer" "cookies 1
picture" "what the session got from the display"
	assert_match "$(tr -d '\0' <$STAGE/greeting)" "MIT-MAGIC-COOKIE-1" "what the display got"
	wait $server
	rm -f $STAGE/greeting $STAGE/xauthority "/home/$user/.Xauthority"
}
test_x11_is_forwarded() { both check_x11; }

check_sockets() {
	local client
	# a socket in the session, reached from outside, and the other way round
	timeout "$(pace_seconds 400)" ssh "${SSH_OPTIONS[@]}" -L $STAGE/near:"/home/$user/far" \
		-R "/home/$user/back":$STAGE/outside -o ExitOnForwardFailure=yes "$user@127.0.0.1" \
		'rm -f far; socat UNIX-LISTEN:far,fork SYSTEM:hostname >/dev/null 2>&1 & echo up; read -r _; kill $!' \
		<$STAGE/fifo >$STAGE/up &
	client=$!
	exec 7>$STAGE/fifo
	socat UNIX-LISTEN:$STAGE/outside,fork SYSTEM:hostname >/dev/null 2>&1 & local outside=$!
	wait_for grep -q up $STAGE/up || fail "no session"
	wait_for test -S "/home/$user/far"
	assert_eq "$(socat -u UNIX-CONNECT:$STAGE/near -)" "$user-lab" "from outside"
	assert_eq "$(as "$user" socat -u "UNIX-CONNECT:/home/$user/back" -)" lab "from inside"
	echo >&7
	exec 7>&-
	wait $client
	kill $outside
	wait $outside 2>/dev/null
	rm -f $STAGE/{near,outside,up} "/home/$user/far" "/home/$user/back"
}
test_unix_sockets_are_forwarded_both_ways() {
	command -v socat >/dev/null || fail "socat is not installed"
	mkfifo $STAGE/fifo
	both check_sockets
	rm $STAGE/fifo
}

check_proxy() {
	local client
	on "$user" -N -D 127.0.0.1:1080 >/dev/null 2>&1 & client=$!
	wait_for listens 1080 || fail "no proxy"
	# SOCKS4: connect to port 22 of 127.0.0.1, without a user name (a NUL ends it); 90 is "granted"
	assert_match "$(timeout "$(pace_seconds 100)" bash -c 'exec 8<>/dev/tcp/127.0.0.1/1080
		printf "\4\1\0\26\177\0\0\1\0" >&8; head -c 15 <&8' | tr -d '\0')" 'ZSSH-2.0' "through the proxy"
	# ssh, timeout's only child
	pkill -P "$(pgrep -P $client -x timeout || echo $client)" -x ssh || fail "no client to end"
	wait $client 2>/dev/null
}
test_a_dynamic_forwarding_without_a_command() { both check_proxy; }

check_bytes() {
	assert_eq "$(on "$user" 'printf %s "gr\303\274\303\237e" grüße' | od -An -tx1 | tr -d ' \n')" \
		"$(printf %s 'gr\303\274\303\237egrüße' | od -An -tx1 | tr -d ' \n')" "a command's words"
	assert_eq "$(printf '\377\376\0\200' | on "$user" cat | od -An -tx1)" " ff fe 00 80" "input"
	assert_eq "$(LC_TIME=de_DE.UTF-8 on "$user" -o SendEnv=LC_TIME 'echo $LC_TIME')" de_DE.UTF-8
	# a word that is not text at all
	assert_eq "$(on "$user" "$(printf 'printf %%s a\377b | od -An -tx1')")" " 61 ff 62"
	assert_eq "$(STAGE_WORD=$'a\377b\nc' on "$user" -o SendEnv=STAGE_WORD \
		'printf %s "$STAGE_WORD" | od -An -tx1')" " 61 ff 62 0a 63" "a variable"
}
test_bytes_that_are_not_ascii_pass() { both check_bytes; }

# forwarded USER: one word for each thing that sshd forwards for ssh -N; `connected`: ssh is still running
forwarded() {
	local user=$1 client word
	on "$user" -N -v -o LogLevel=DEBUG1 -L 127.0.0.1:1081:127.0.0.1:22 -L $STAGE/near:/tmp/far \
		-D 127.0.0.1:1080 -R 127.0.0.1:1082:127.0.0.1:22 -R "/home/$user/back:/tmp/far" 2>$STAGE/client &
	client=$!
	wait_for eval '[ $(grep -cE "remote forward (success|failure)" $STAGE/client) = 2 ]' ||
		fail "no answer to the client: $(cat $STAGE/client)"
	for word in 1081 1082; do
		timeout "$(pace_seconds 100)" bash -c "head -c 3 </dev/tcp/127.0.0.1/$word" 2>/dev/null | grep -q SSH && echo $word
	done
	timeout "$(pace_seconds 100)" bash -c 'exec 8<>/dev/tcp/127.0.0.1/1080
		printf "\4\1\0\26\177\0\0\1\0" >&8; head -c 15 <&8' 2>/dev/null | tr -d '\0' | grep -q ZSSH && echo 1080
	for word in $STAGE/near "/home/$user/back"; do
		timeout "$(pace_seconds 100)" socat -u "UNIX-CONNECT:$word" - 2>/dev/null | grep -x far | sed "s|.*|${word##*/}|"
	done
	kill -0 $client 2>/dev/null && echo connected
	pkill -P "$(pgrep -P $client -x timeout || echo $client)" -x ssh
	wait $client 2>/dev/null
	rm -f $STAGE/near "/home/$user/back"
}
test_nothing_is_forwarded_for_a_session_that_was_refused() {
	local far
	command -v socat >/dev/null || fail "socat is not installed"
	socat UNIX-LISTEN:/tmp/far,fork,mode=777 SYSTEM:'echo far' &
	far=$!
	wait_for test -S /tmp/far
	sshd_start
	# the control
	assert_eq "$(forwarded alice | tr '\n' ' ')" "1081 1082 1080 near back connected "
	echo isolate=maybe | conf
	on alice true
	assert_eq $? 254 "a command"
	assert_eq "$(forwarded alice | tr '\n' ' ')" "connected "
	sshd_stop
	kill $far
	rm -f $STAGE/client /tmp/far
}
