//! The instruction set and the plain-data code objects of protoPython.
