# The dashboard as a container: `docker build -t cea . && docker run --rm -p 8501:8501 cea`.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib HOME=/tmp

# Installed, and the source away: beside app.py it would be taken in place of the package, and compiled at every start.
COPY pyproject.toml constraints.txt README.md LICENSE /build/
COPY cea /build/cea
RUN pip install -c /build/constraints.txt "/build[app]" && rm -rf /build

WORKDIR /srv/cea
COPY app.py ./
COPY .streamlit ./.streamlit
COPY inputs ./inputs

# Nobody in the container may write to the program or the model.
RUN useradd --no-create-home --uid 10001 analyst
USER analyst

ENV CEA_INPUTS=inputs/cirrhosis
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["python", "-m", "streamlit", "run", "app.py", \
    "--server.port=8501", "--server.address=0.0.0.0", "--server.headless=true"]
