"""Networks beyond those of the lesson, built of small layers."""
