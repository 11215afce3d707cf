#!/usr/bin/env bash
# Formats the broker's storage on the first start, with the super user in it, and becomes the broker.
#
# Environment: CLUSTER_ID, BROKER_ID, BROKER_HOST, BROKER_OUTSIDE_PORT, BROKER_QUORUM, BROKER_REPLICATION, BROKER_MIN_INSYNC.
# Files: /run/secrets/kafka-admin-password, /run/secrets/kafka-broker-password, /tmp to write in, /var/lib/kafka/data.
#
# Relies on the image apache/kafka for Apache Kafka's own distribution in /opt/kafka and for its user, and not on the image's
# start script, which turns KAFKA_* variables into a configuration and formats by itself: it can make no SCRAM user, would
# have the passwords in the container's environment, and writes into /opt/kafka, which is read-only here.
set -euo pipefail
here=$(dirname "$0")

missing=
for name in CLUSTER_ID BROKER_ID BROKER_HOST BROKER_OUTSIDE_PORT BROKER_QUORUM BROKER_REPLICATION BROKER_MIN_INSYNC; do
    [ -n "${!name:-}" ] || missing="$missing $name"
done
for name in kafka-admin-password kafka-broker-password; do
    [ -s "/run/secrets/$name" ] || missing="$missing /run/secrets/$name"
done
if [ -n "$missing" ]; then
    echo "The broker cannot start. Missing:$missing" >&2
    exit 78
fi

# The tools' logging goes to standard error and the broker's to standard output: files in a container are lost with it.
export LOG_DIR=/tmp KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=$here/log4j2.yaml"
# For a small heap on few cores. C1 alone starts in half the time, and a broker of this size is short of disk before code.
export KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true"

if [ ! -f /var/lib/kafka/data/meta.properties ]; then
    # Java reads its arguments from a file, so that the password is in no list of processes.
    arguments=$(mktemp)
    chmod 600 "$arguments"
    cat > "$arguments" <<END
kafka.tools.StorageTool format --ignore-formatted --cluster-id $CLUSTER_ID --config $here/server.properties
--add-scram SCRAM-SHA-512=[name=admin,password=$(cat /run/secrets/kafka-admin-password)]
END
    # What it prints to standard output holds the keys made of the password; complaints come by standard error.
    KAFKA_HEAP_OPTS=-Xmx128m /opt/kafka/bin/kafka-run-class.sh "@$arguments" > /dev/null
    rm "$arguments"
fi
exec /opt/kafka/bin/kafka-run-class.sh kafka.Kafka "$here/server.properties"
