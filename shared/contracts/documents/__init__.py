"""Documents from the contracts: JSON Schemas, AsyncAPI, the page of reasons. Pure: `deploy/documents.py` writes."""
