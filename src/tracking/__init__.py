"""The shop window: what the pipeline wrote, shown in MLflow. The only place that imports mlflow."""
