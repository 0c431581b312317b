"""Networks beyond the four of the lesson, built of small layers."""
