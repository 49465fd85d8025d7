//! Numbers below the object model.
