//! The client against a manager that is played here.
