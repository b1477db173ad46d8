#!/bin/sh
set -eu
gcloud run deploy notes \
    --source . \
    --region europe-west1 \
    --port 9000
