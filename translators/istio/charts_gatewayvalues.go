package istio

import (
	"github.com/meshloom/meshloom/install"
)

// defaultReplicas is the number of a gateway's pods where nobody says one: with
// two, one can go and traffic goes on.
const defaultReplicas = 2

// deploymentValues are those that speak of a Deployment: the user's values may
// make a DaemonSet of it.
var deploymentValues = []string{"autoscaling", "podDisruptionBudget", "replicaCount", "strategy"}

// gatewayValues are the values of a gateway's proxy before the user's own. The
// README of this folder says why each is there.
func gatewayValues(req install.GatewayRequest) map[string]any {
	name, namespace := req.Gateway.Name, req.Gateway.Namespace
	replicas := int32(defaultReplicas)
	if n := req.Gateway.Spec.Replicas; n != nil {
		replicas = *n
	}
	values := map[string]any{
		"name":         name,
		"revision":     revisionValue(req.Revision),
		"labels":       map[string]any{"app": name, "istio": name, labelGateway: namespace},
		"service":      gatewayService(req),
		"autoscaling":  map[string]any{"enabled": false},
		"replicaCount": int64(replicas),
		"strategy": map[string]any{
			"type":          "RollingUpdate",
			"rollingUpdate": map[string]any{"maxSurge": int64(1), "maxUnavailable": int64(0)},
		},
		"minReadySeconds":               int64(5),
		"terminationGracePeriodSeconds": int64(60),
		"env":                           drainEnv(),
		"imagePullPolicy":               "IfNotPresent",
		"podAnnotations":                map[string]any{annotationProxy: req.Version},
	}
	if replicas > 1 {
		values["podDisruptionBudget"] = map[string]any{"maxUnavailable": int64(1)}
	}
	return values
}

// gatewayService are the values of the Service in front of a gateway.
func gatewayService(req install.GatewayRequest) map[string]any {
	asked := req.Gateway.Spec.Service
	service := map[string]any{
		"type":           serviceType(asked),
		"ports":          gatewayPorts(req.Gateway.Spec.Listeners),
		"selectorLabels": map[string]any{labelGateway: req.Gateway.Namespace},
	}
	if asked == nil {
		return service
	}
	if len(asked.Annotations) > 0 {
		annotations := map[string]any{}
		for key, value := range asked.Annotations {
			annotations[key] = value
		}
		service["annotations"] = annotations
	}
	if asked.ExternalTrafficPolicy != "" {
		service["externalTrafficPolicy"] = string(asked.ExternalTrafficPolicy)
	}
	return service
}
