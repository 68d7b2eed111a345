# One image, one start command per service: `docker run banyan serve orders`.
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /banyan
COPY pyproject.toml uv.lock README.md ./
COPY src src
# Into /venv, and not editable: the image that runs has no sources and no build tools.
ENV UV_PROJECT_ENVIRONMENT=/venv UV_LINK_MODE=copy
RUN uv sync --frozen --no-dev --no-editable --all-extras

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 banyan && mkdir /data && chown banyan /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BANYAN_DATA_DIR=/data
USER banyan
VOLUME /data
ENTRYPOINT ["banyan"]
CMD ["up", "--host", "0.0.0.0"]
