"""Words find moments of real videos, photos and sounds, how often?"""
