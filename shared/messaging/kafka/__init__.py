"""The only door to kafka-python: what is built how, and why. Nobody else sees its types, errors or a topic's prefix.

Measured on kafka-python 3.0.12, pinned exactly. Names of topics are the catalog's everywhere but here.
"""

from shared.messaging.kafka import connection as connection  # first: it silences a warning of the library's import

# isort: split
from shared.messaging.kafka.access import AccessControl
from shared.messaging.kafka.administrator import Administrator
from shared.messaging.kafka.group import GroupConsumer
from shared.messaging.kafka.publisher import Publisher
from shared.messaging.kafka.reader import LogReader, bounds_of

__all__ = ["AccessControl", "Administrator", "GroupConsumer", "LogReader", "Publisher", "bounds_of"]
