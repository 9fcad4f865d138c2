"""What the API server keeps: objects, events and audit logs, as documents, tables and descriptions."""
