"""The four ways to an answer (live, WSGI, recording, recorder) behind one Protocol."""
