"""What runs in a child process with a real TensorFlow: conversion, calibration, verification."""
