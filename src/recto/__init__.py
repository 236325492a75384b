"""Recto: self-hosted document processing."""
