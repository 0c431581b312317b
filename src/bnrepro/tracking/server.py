"""MLflow's server as `bnrepro ui` starts it: `mlflow server --app-name bnrepro`.

Its page is about language models, has an assistant over a quarter of it, and tells MLflow's makers how it is used,
until somebody chooses otherwise. Here it begins with the pages about training, and tells nobody. What a person chooses
stays: the browser keeps that.
"""

import json

from flask import Response, request
from mlflow.server import app as _flask
from mlflow.server.fastapi_app import app as app

# As MLflow's page names them in the browser's local storage.
_CHOICES = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
    "mlflow.settings.telemetry.enabled_v1": False,
    "mlflow.telemetry.info.alert.dismissed_v1": True,
}
_SCRIPT = f"""<script>
for (const [name, value] of Object.entries({json.dumps(_CHOICES)}))
  if (localStorage.getItem(name) === null) localStorage.setItem(name, JSON.stringify(value));
</script>"""


@_flask.after_request
def _begin_with_training(response: Response) -> Response:
    if request.path == "/" and response.status_code == 200 and response.mimetype == "text/html":
        response.direct_passthrough = False
        response.set_data(response.get_data(as_text=True).replace("<head>", f"<head>{_SCRIPT}", 1))
        del response.headers["ETag"]  # of the file as it is
    return response
