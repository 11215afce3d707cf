#!/usr/bin/env bash
# Whether the broker answers on this port of its container: asks for its API versions, which needs no name and no right,
# and reads the reply. An open port alone would say less; Kafka's own tools would start a Java for it every two seconds.
# The port of clients opens when the broker has caught up with its controllers and is let in by them.
#
# Request (KIP-35): length 10, api key 18, version 0, correlation id 7, no client id. Reply: length, correlation id, error 0.
set -u
reply=$(exec 3<>"/dev/tcp/127.0.0.1/${1:-9092}" && printf '\0\0\0\012\0\022\0\0\0\0\0\007\377\377' >&3 \
    && timeout 3 head -c 10 <&3 | od -An -tx1 | tr -d ' \n')
case $reply in
    ????????000000070000) exit 0 ;;
    *) echo "the broker does not answer on port ${1:-9092}"; exit 1 ;;
esac
