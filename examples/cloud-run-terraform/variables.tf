variable "project" {
  type = string
}

variable "region" {
  type    = string
  default = "europe-west1"
}

variable "port" {
  type    = number
  default = 9000
}

locals {
  prefix = "orders"
  env = {
    TIER = "gold"
  }
}
