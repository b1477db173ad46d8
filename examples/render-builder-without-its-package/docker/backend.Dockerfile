FROM python:3.11-slim AS builder
WORKDIR /build
COPY pyproject.toml .
RUN pip install --user --no-cache-dir .

FROM python:3.11-slim
WORKDIR /app
COPY --from=builder /root/.local /root/.local
COPY backend/ backend/
ENV PATH=/root/.local/bin:$PATH
# gunicorn binds 0.0.0.0:$PORT by itself where PORT is set.
CMD ["gunicorn", "backend.service:app"]
