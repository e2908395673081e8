# objects of this room
