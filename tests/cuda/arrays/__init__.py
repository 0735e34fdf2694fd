"""Arrays of callers that live on a device."""
