"""English: without a network."""

from collections.abc import Mapping

OFFLINE: Mapping[str, str] = {
    "offline.title": "No connection",
    "offline.h1": "This device is offline",
    "offline.lede": "The shop cannot be reached. This page comes back by itself when the connection does.",
    "offline.orders": "Your orders can be read if you have looked at them on this device since you signed in.",
    "offline.say": "A reservation stays yours until its time, and the time goes on while you are offline. If you were "
    "paying, look into your orders before you pay again.",
    "offline.copy": "This is how it stood at {time} on {day}. It is up to date again when the connection is back.",
}
