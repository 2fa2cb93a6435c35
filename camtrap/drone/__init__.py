"""WHAT A DRONE SAW: where a picture was taken from, what ground it shows, how many animals."""
