#!/bin/sh
set -eu
gcloud run deploy agent --source . --region europe-west1 --set-secrets /app/tools.yaml=tools:latest
