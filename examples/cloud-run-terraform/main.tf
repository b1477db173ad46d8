resource "google_cloud_run_v2_service" "api" {
  name     = "${local.prefix}-api"
  location = var.region

  template {
    timeout = "60s"

    containers {
      image = "${var.region}-docker.pkg.dev/${var.project}/orders/api:latest"

      ports {
        container_port = var.port
      }

      dynamic "env" {
        for_each = local.env
        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 5
        http_get {
          path = "/up"
        }
      }
    }
  }
}
